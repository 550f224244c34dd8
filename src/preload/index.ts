import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import { channels, type Bridge } from '../shared/bridge.ts';

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
};

contextBridge.exposeInMainWorld('fabula', bridge);
