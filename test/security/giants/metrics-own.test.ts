import { survivesGiants } from './survival.ts'

survivesGiants('metrics', 'own')
