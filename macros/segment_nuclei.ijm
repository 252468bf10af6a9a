// Segment nuclei
//
// Finds the nuclei of a fluorescence image and gives each one a number (a label image), an outline
// (ROIs) and a row of measurements (a table).
//
// In Fiji:   open an image, then run this macro (Plugins > Macros > Run...). Label image and table
//            open in windows of their own, and the outlines are in the ROI Manager. Draw a
//            selection first if only a part of the image matters.
// Headless:  .venv/bin/drua macro macros/segment_nuclei.ijm "/data/image.tif|/data/results"
//            The argument is the image and the folder for the results, with a | between them.
//            The folder gets image-labels.tif, image-rois.zip, image-table.csv, image-overlay.png
//            (a picture to look at) and image-run.json (what was done). Without windows the
//            outlines are in the overlay of the label image, and the table's rows in Results.
//
// The model looks at one channel. If your image has several, say which one shows the nuclei, counted
// from 1: add channel=1 (or 2, 3 ...) to the options below. For one slice of a stack instead of all
// slices add planes=current.

folder = "";
if (getArgument() != "") {
    parts = split(getArgument(), "|");
    if (parts.length != 2)
        exit("The argument must be: input image|output folder");
    open(parts[0]);
    folder = parts[1];
}

run("Drua Segment...", "model=nuclei-fluorescence output=[labels,rois,table] save=[" + folder + "]");

// The label image is now the active image: its background is 0, its nuclei are numbered from 1 on.
// Its info (Image > Show Info...) says how they were found.
print(getInfo("objects") + " nuclei on " + getInfo("device") + " in " + getInfo("seconds") + " s");
