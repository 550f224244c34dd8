import { z } from 'zod';

// Zod would compile its schemas with `new Function`, which the window's content security policy forbids. This has to
// be said before the shared records are loaded, so the window imports this file first.
z.config({ jitless: true });
