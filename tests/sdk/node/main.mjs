// All tests in one process: node --throw-deprecation --test-reporter=spec main.mjs

import { test } from 'node:test';
import './setup.mjs';
import './chat.mjs';
import './tools.mjs';
import './others.mjs';
import './refusals.mjs';
import { compile } from './strict.mjs';

test("all replies are as the sdk's types have them", () => compile());
