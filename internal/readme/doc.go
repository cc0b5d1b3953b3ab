// Package readme holds the README to what it says: its files pass the checkers of
// the tools that they are for.
package readme
