// Package screen draws a Run in a terminal: what has happened scrolls by, and below
// it stands where the deployment is now. Find is where to begin.
package screen
