// Runs before anything is painted: a window set to light or dark does not flash in the other first. The module that
// follows keeps what it reads here up to date (state/settings.svelte.ts).
try {
  const theme = localStorage.getItem('fabula.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the theme follows the system until the settings are read.
}
