// Package lambdahook asks the users' own Lambdas whether a Deployment may continue.
//
// Hook.Ask invokes a hook and waits until it returns. Hook.Succeed answers the task token of
// a hook that has succeeded by returning. Anybody who has a task token can end the hook's
// state, so no error of this package contains one.
package lambdahook
