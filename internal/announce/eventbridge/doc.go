// Package eventbridge announces Deployments as EventBridge events. Announcer is the central
// type.
package eventbridge
