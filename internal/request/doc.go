// Package request reads what people and events send to Sluice: the input of an
// execution, the tags and the parameter that configure a function, the events that
// wake the safety net, and the commands of an operator.
//
// Reader is the central type. It reports all problems of a request together, each by
// its path, before anything is touched. Nothing here calls AWS.
package request
