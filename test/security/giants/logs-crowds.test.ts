import { survivesGiants } from './survival.ts'

survivesGiants('logs', 'crowds')
