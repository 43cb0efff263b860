/** Questions to a kernel that are answered while a cell runs. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';

/** Whether jtune is loaded in the kernel, without loading it. */
const IS_LOADED = '"jtune.magic" in __import__("sys").modules';
const IS_INSTALLED = '__import__("importlib.util").util.find_spec("jtune") is not None';

interface Answer {
  status: string;
  ename?: string;
  evalue?: string;
  data?: Record<string, unknown>;
}

/**
 * Evaluate an expression in the kernel, on the control channel, and return its bundle.
 *
 * The control channel takes every request of the shell channel in ipykernel, 6 and 7; that its type here knows only
 * three of them is JupyterLab's.
 */
async function evaluate(
  kernel: Kernel.IKernelConnection,
  expression: string,
): Promise<Record<string, unknown>> {
  const message = KernelMessage.createMessage<KernelMessage.IExecuteRequestMsg>({
    msgType: 'execute_request',
    channel: 'shell',
    username: kernel.username,
    session: kernel.clientId,
    content: {
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { answer: expression },
      allow_stdin: false,
      stop_on_error: false,
    },
  });
  const request = { ...message, channel: 'control' } as unknown as KernelMessage.IDebugRequestMsg;
  const reply = await kernel.sendControlMessage(request, true, true).done;
  const content = reply.content as unknown as { user_expressions?: { answer?: Answer } };
  const answer = content.user_expressions?.answer;
  if (answer?.status !== 'ok') throw new KernelRefusal(answer?.evalue ?? 'the kernel gave no answer');
  return answer.data ?? {};
}

/** What the kernel says against it, in words for the user. */
export class KernelRefusal extends Error {}

/** Call a function of `jtune.editor`; the arguments become Python literals. */
export async function call(
  kernel: Kernel.IKernelConnection,
  name: string,
  ...given: Argument[]
): Promise<unknown> {
  const data = await evaluate(
    kernel,
    `__import__("jtune.editor").editor.${name}(${given.map(python).join(', ')})`,
  );
  return (data['application/json'] as { value?: unknown } | undefined)?.value;
}

type Argument = string | Record<string, string>;

/** JSON's strings and objects of strings are Python's literals too, but for half a pair of surrogates. */
function python(given: Argument): string {
  return JSON.stringify(given);
}

async function isTrue(kernel: Kernel.IKernelConnection, expression: string): Promise<boolean> {
  return (await evaluate(kernel, expression))['text/plain'] === 'True';
}

export async function isLoaded(kernel: Kernel.IKernelConnection): Promise<boolean> {
  return isTrue(kernel, IS_LOADED);
}

export async function isInstalled(kernel: Kernel.IKernelConnection): Promise<boolean> {
  return isTrue(kernel, IS_INSTALLED);
}

export async function isPython(kernel: Kernel.IKernelConnection): Promise<boolean> {
  return (await kernel.info).language_info.name === 'python';
}
