import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import { channels, type Bridge } from '../shared/bridge.ts';
import type { WindowCommand } from '../shared/window-commands.ts';

/** The only way from the window to the studio. Every name and value is checked again on the other side. */
const bridge: Bridge = {
  platform: process.platform,
  command: (name, input) => ipcRenderer.invoke(channels.command(name), input),
  on(event, listener) {
    // The event object of Electron stays here: it would give the page the sender, and with it every channel.
    const heard = (_event: IpcRendererEvent, payload: Parameters<typeof listener>[0]) => {
      listener(payload);
    };
    ipcRenderer.on(channels.event(event), heard);
    return () => {
      ipcRenderer.off(channels.event(event), heard);
    };
  },
  chooseFolder: () => ipcRenderer.invoke(channels.chooseFolder),
  chooseFiles: () => ipcRenderer.invoke(channels.chooseFiles),
  importDropped: (files) =>
    ipcRenderer.invoke(
      channels.importDropped,
      files.map((file) => webUtils.getPathForFile(file)).filter((path) => path !== ''),
    ),
  addPicture: (name, bytes) => ipcRenderer.invoke(channels.addPicture, { name, bytes }),
  saveExport: (job) => ipcRenderer.invoke(channels.saveExport, job),
  confirm: (question) => ipcRenderer.invoke(channels.confirm, question),
  showCommands: (enabled) => ipcRenderer.invoke(channels.showCommands, enabled),
  onMenuCommand(listener) {
    const heard = (_event: IpcRendererEvent, command: WindowCommand) => {
      listener(command);
    };
    ipcRenderer.on(channels.menuCommand, heard);
    return () => {
      ipcRenderer.off(channels.menuCommand, heard);
    };
  },
};

contextBridge.exposeInMainWorld('fabula', bridge);
