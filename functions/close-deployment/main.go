// Command close-deployment is the Lambda behind the state Close.
package main

import (
	"sluice/internal/assembly/closedeployment"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.Close, closedeployment.New) }
