// Package protocol is what the services of the local AWS share of their wire
// protocols. Read makes a Request of a call. A service makes an Operation of
// the Request, and a Protocol writes the Operation's Reply, or its Error, as
// the service's clients expect it.
package protocol
