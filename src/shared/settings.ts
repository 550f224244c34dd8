import { z } from 'zod';
import { languageCodes, type Language } from './messages.ts';

/** What a person has set for the whole studio. Kept in the data folder; every window hears of a change. */
export const SettingsSchema = z.object({
  /** `system` is the first of the person's preferred languages that the window speaks. */
  language: z.enum(['system', ...languageCodes] as ['system', ...Language[]]),
  theme: z.enum(['system', 'light', 'dark']),
  /** Whether suggestions of pictures go by what the person took before. */
  learn: z.boolean(),
});
export type Settings = z.infer<typeof SettingsSchema>;

export const defaultSettings: Readonly<Settings> = { language: 'system', theme: 'system', learn: true };
