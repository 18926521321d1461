console.log('sluice')
