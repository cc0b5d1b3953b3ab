// Package cloudfront is CloudFront's API for distributions: reading them, and updating their
// configuration. It speaks REST-XML. A configuration is kept and returned as it was sent.
//
// An update reaches the edges one by one. Each edge answers for a name with the distribution
// that has the name itself, or else with the one whose wildcard is the most specific:
// Distributions.EdgeDistribution tells.
package cloudfront
