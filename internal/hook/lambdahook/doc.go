// Package lambdahook asks the users' own Lambdas whether a Deployment may go on.
//
// Hook.Ask invokes one and waits until it returns; Hook.Succeed answers the task
// token for a hook whose return is its success. A task token lets whoever has it
// end the hook's state, so none ever appears in an error of this package.
package lambdahook
