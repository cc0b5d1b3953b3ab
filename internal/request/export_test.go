package request

// LargestDocument is largestDocument, for tests of its size.
var LargestDocument = largestDocument
