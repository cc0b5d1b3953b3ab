// Package screen draws a Run in a terminal. The story of what has happened scrolls by;
// a block below it shows where the deployment is now. Start at Find.
package screen
