// The header alone, for pages that need nothing else.
import { header } from './session.js';

header();
