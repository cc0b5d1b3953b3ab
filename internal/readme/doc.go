// Package readme holds the README to what it says: its commands work, its JSON is
// understood, its files pass the checkers of the tools that they are for, and what it
// names and links to exists.
package readme
