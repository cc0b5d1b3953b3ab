// Package lambdaalias routes traffic by the weights of a Lambda alias.
//
// Router.SetRoute is the central method. It always writes the serving version and the
// weights together, and only if the alias still has the RevisionId that was read.
// The rest of Sluice counts weights in basis points. This package converts them to the
// fractions that Lambda takes, and back. A fraction that is not a whole number of basis
// points is read as shift.Foreign.
package lambdaalias
