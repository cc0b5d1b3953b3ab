// Package lambdaalias routes traffic by the weights of a Lambda alias.
//
// Router.SetRoute is the central method: it writes the version that serves and
// the weights together, always, and only while the alias still has the RevisionId
// that was read. Weights are basis points everywhere else; only here they become
// the fractions that Lambda wants, and come back exactly, or as shift.Foreign.
package lambdaalias
