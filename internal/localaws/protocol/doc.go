// Package protocol holds the parts of the wire protocols that the services of the local
// AWS share. Read turns an HTTP call into a Request. A service turns the Request into
// an Operation. A Protocol writes the Operation's Reply, or its Error, as the service's
// clients expect it.
package protocol
