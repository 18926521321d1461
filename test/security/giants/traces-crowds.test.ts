import { survivesGiants } from './survival.ts'

survivesGiants('traces', 'crowds')
