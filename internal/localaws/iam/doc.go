// Package iam says what the roles of a template allow, as AWS would.
//
// Role.Decide is the central method. A Template is what CloudFormation is given, its
// references filled in for one account and region. Only what identity policies can
// say is known here, and of that only what Sluice's own stack uses: an element, an
// operator or a reference that is not known is an error, never an allowance.
package iam
