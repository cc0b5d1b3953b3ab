// Package cloudfrontswitch routes the traffic of a name between two CloudFront distributions
// of one account. A Target is the name. One distribution, the switch, has the name itself or
// not. The other always has the wildcard that covers it. CloudFront serves a name from the
// distribution with the more specific match, whatever DNS says (CloudFront Developer Guide,
// "Using custom URLs"). So the Route is one bit, and the traffic cannot be divided. Versions
// are the ids of the distributions.
//
// Router.SetRoute is the central method. It reads the whole configuration of the switch, adds
// or removes the name, and writes the configuration with the ETag that it has read. That ETag
// is the Revision. Every write changes the configuration: where the name stays, a space at the
// end of the comment comes or goes. So a write that was held up is refused after any other.
//
// The configuration passes through the types of the SDK. Elements that a later CloudFront has
// and the SDK does not know would be lost, so the SDK must be kept up to date.
//
// Nobody can see here that a third distribution has the name while the switch has not. The
// write that would give it to the switch is refused then.
package cloudfrontswitch
