/** Questions to a kernel that are answered while a cell runs, and that fire none of its hooks. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject, JSONValue } from '@lumino/coreutils';

import type { Requests } from '../messages';

/** The target of the comm that a kernel opens when it loads jtune. */
export const TARGET = 'jtune';

/** After this time without an answer, the user is told that the kernel does not answer. */
const PATIENCE_MS = 20_000;

type Reply<T> = { status: 'ok'; value: T } | { status: 'error'; evalue: string };

/** Why the kernel refuses a request, in words for the user. */
export class KernelRefusal extends Error {}

/** Send a message on the control channel and return the content of its answer. */
function ask<T>(kernel: Kernel.IKernelConnection, msgType: string, content: JSONObject): Promise<T> {
  // The channel takes other types than those that are known to JupyterLab.
  const message = KernelMessage.createMessage({
    msgType,
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content,
  } as never) as unknown as KernelMessage.IDebugRequestMsg;
  return new Promise((resolve, reject) => {
    const future = kernel.sendControlMessage(message, true);
    const timer = setTimeout(() => {
      future.dispose();
    }, PATIENCE_MS);
    future.onReply = (reply) => {
      resolve(reply.content as T);
    };
    // The timer cancels the future, or the end of the kernel does.
    future.done
      .catch(() => {
        reject(new KernelRefusal('The kernel does not answer.'));
      })
      .finally(() => {
        clearTimeout(timer);
      });
  });
}

/** What the kernel answers to a request of the extension. */
export async function call<Name extends keyof Requests>(
  kernel: Kernel.IKernelConnection,
  name: Name,
  ...given: Parameters<Requests[Name]>
): Promise<ReturnType<Requests[Name]>> {
  const content = { name, given: given as JSONValue[] };
  const reply = await ask<Reply<ReturnType<Requests[Name]>>>(kernel, 'jtune_request', content);
  if (reply.status === 'error') throw new KernelRefusal(reply.evalue);
  return reply.value;
}

/** The comm by which a kernel that has loaded jtune speaks; null where it has not. */
export async function findComm(kernel: Kernel.IKernelConnection): Promise<string | null> {
  const { comms } = await ask<{ comms: JSONObject }>(kernel, 'comm_info_request', { target_name: TARGET });
  return Object.keys(comms)[0] ?? null;
}

/** Whether a kernel runs Python. The kernel is not asked, as it may be busy. */
export async function isPython(kernel: Kernel.IKernelConnection): Promise<boolean> {
  const language = (await kernel.spec)?.language ?? (await kernel.info).language_info.name;
  return language.toLowerCase() === 'python';
}
