// Package lambdahook asks the users' own Lambdas whether a Deployment may continue.
//
// Hook.Ask invokes a hook and waits until it returns. Anybody who has the secret in its event (a
// task token, or the id of a CodeDeploy hook) can answer for it, so no error of this package
// contains one.
package lambdahook
