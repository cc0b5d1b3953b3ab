// Command infra is the CDK app: what stands in AWS. So far that is the state
// machine alone; the functions that it calls are looked up by their names.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	newStack(app)
	app.Synth(nil)
}
