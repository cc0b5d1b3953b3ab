// Package readme holds the pages to what they say: their commands work, their JSON is
// understood, their files pass the checkers of the tools that they are for, and what they
// name and link to exists.
package readme
