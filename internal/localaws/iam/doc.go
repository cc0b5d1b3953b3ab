// Package iam says what the roles of a template allow, as AWS would.
//
// Role.Decide is the central method. A Template is what CloudFormation is given, its
// references filled in for one account and region. Only a part of what
// identity policies can say is known here: an element, an operator or a reference
// that is not known is an error, never an allowance.
package iam
