// Package lambdaload asks the users' own Lambdas to send synthetic requests to Targets whose
// versions have too few requests to be compared by.
//
// Load.Ask invokes such a function asynchronously: Lambda answers before the function runs, and
// runs it twice more if it fails (Lambda Developer Guide, Asynchronous invocation). So Sluice
// learns whether it could be asked, and never what became of it.
package lambdaload
