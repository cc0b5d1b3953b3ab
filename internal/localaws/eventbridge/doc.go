// Package eventbridge is the EventBridge API of the local AWS: PutEvents, and rules
// that send events to queues. Buses answers the API's requests. Listeners receive all events.
package eventbridge
