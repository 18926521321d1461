import { survivesGiants } from './survival.ts'

survivesGiants('traces', 'hulks')
