// Package eventbridge announces Deployments as EventBridge events. Announcer is
// all there is to it.
package eventbridge
