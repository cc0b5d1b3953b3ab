// Package flow is the contract between the state machine and the Lambdas behind
// it: the Document that flows, the tasks (each a state, the function behind it,
// the field that it writes and that field's Go type), the names of errors, and the
// events that wake the Lambda beside it.
//
// It declares every other name that two sides must spell alike, too: environment
// variables, announcements, metrics, the key of the ledger's table, the tags that an owner
// writes on a function, and how a Target names a function's alias.
//
// A Task is the central value: boot accepts only a handler of its type, and the
// definition builds its state from the same value, so that the compiler checks
// that the two agree.
package flow
