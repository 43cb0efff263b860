// Put into each page before its own scripts: what the harness asks of JupyterLab and of Notebook 7 alike.
// Nothing here waits: a promise is kept in `promises`, and Python polls it, so that each wait has a time limit.
window.harness = {
  promises: {},

  panel() {
    const widgets = window.jupyterapp?.shell.widgets("main") ?? [];
    return [...widgets].find((widget) => widget.context?.sessionContext && widget.content?.activeCellIndex !== undefined);
  },

  kernel() {
    return this.panel()?.sessionContext.session?.kernel;
  },

  // A cell run before all of these is silently lost, though the page may already say "idle".
  async ready() {
    const app = window.jupyterapp;
    const panel = this.panel();
    await app.restored;
    await panel.context.ready;
    await panel.revealed;
    await panel.sessionContext.ready;
    app.shell.activateById(panel.id);
  },

  async answering() {
    await this.kernel().info;
  },

  isConnected() {
    return this.kernel()?.connectionStatus === "connected";
  },

  isBusy() {
    return this.isRunning() || this.kernel()?.status !== "idle";
  },

  isRunning() {
    return Object.values(this.promises).some((promise) => promise.isCell && !promise.isDone);
  },

  keep(name, promise, isCell = false) {
    const kept = { isCell, isDone: false, value: null, error: null };
    this.promises[name] = kept;
    promise
      .then((value) => (kept.value = value ?? null))
      .catch((error) => (kept.error = String(error)))
      .finally(() => (kept.isDone = true));
  },

  async runCell(index) {
    const app = window.jupyterapp;
    const panel = this.panel();
    app.shell.activateById(panel.id);
    panel.content.deselectAll();
    panel.content.activeCellIndex = index;
    panel.content.mode = "command";
    return app.commands.execute("notebook:run-cell");
  },

  async runInKernel(code) {
    const printed = [];
    const future = this.kernel().requestExecute({ code, store_history: false, stop_on_error: false });
    future.onIOPub = (message) => {
      if (message.header.msg_type === "stream") printed.push(message.content.text);
      if (message.header.msg_type === "error") throw new Error(message.content.traceback.join("\n"));
    };
    const reply = await future.done;
    if (reply.content.status === "error") throw new Error(reply.content.traceback.join("\n"));
    return printed.join("");
  },
};
