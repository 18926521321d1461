import { survivesGiants } from './survival.ts'

survivesGiants('metrics', 'crowds')
