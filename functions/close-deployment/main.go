// Command close-deployment is the Lambda behind the state Close.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/closedeployment"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.Close, closedeployment.New) }
