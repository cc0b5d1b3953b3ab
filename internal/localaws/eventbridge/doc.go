// Package eventbridge is the EventBridge API of the local AWS: PutEvents. Buses answers
// the API's requests. It has no rules: listeners receive all events.
package eventbridge
