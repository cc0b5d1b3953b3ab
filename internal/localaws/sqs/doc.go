// Package sqs is the SQS API of the local AWS: standard queues, as far as somebody needs them
// who receives events. A queue receives what EventBridge sends, if its policy allows that.
package sqs
