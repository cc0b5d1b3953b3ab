// Package page draws a Run on a page of HTML that needs nothing else: no script, no
// font, no picture from elsewhere. Write is where to begin; Figure is its picture
// alone.
package page
