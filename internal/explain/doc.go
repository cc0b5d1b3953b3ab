// Package explain says to people what happened to a Deployment: why it ended so, where
// the traffic is now, and what to do. It is made from the domain's Reasons and Outcomes;
// nothing goes by what it says.
package explain
