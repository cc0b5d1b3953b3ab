// Package page draws a Run as an HTML page that loads nothing else: no script, font or
// image. Start at Write. Figure returns the picture alone.
package page
