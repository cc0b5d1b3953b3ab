// Package iam decides what the roles of a template allow, as AWS does.
//
// Role.Decide is the central method. A Template is parsed from a CloudFormation
// template, with its references resolved for one account and region. This package
// supports only a part of the policy language. An unsupported element, operator or
// reference is an error and never allows anything.
//
// A Service answers IAM's API.
package iam
