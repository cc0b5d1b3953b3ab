// Package stackshift decides what Sluice does for a CloudFormation stack that shifts its
// aliases through Sluice. A custom resource stands before the aliases: they take their versions
// from it, so CloudFormation writes an alias only when its traffic has already been shifted.
//
// The package has values only. Decode reads what CloudFormation sends, Decide says what follows
// from it and from what serves now, and an Answer is what CloudFormation waits for.
package stackshift
