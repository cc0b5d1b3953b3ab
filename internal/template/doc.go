// Package template rewrites a CloudFormation template that shifts Lambda aliases with CodeDeploy
// into one that shifts them with Sluice. Rewrite is the central function: a template in, a
// template out, and nothing else. The macro (functions/macro) and the command sluice migrate
// share it.
//
// CloudFormation waits for CodeDeploy while it updates an alias. With Sluice it waits before: a
// custom resource (Custom::SluiceShift) shifts the traffic, and the alias takes its version from
// it. When CloudFormation then writes the alias, the alias serves that version already. If the
// shift fails, the alias was never written.
//
// What is not about CodeDeploy keeps its bytes: the order of its keys, the form of its numbers,
// its spaces. So the text is read into a tree that knows what each value looked like (tree.go).
package template
