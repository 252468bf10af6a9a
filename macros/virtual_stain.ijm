// Virtual stain
//
// Predicts what a stain of the nuclei would show in bright-field histology (H&E), as a channel like
// those of fluorescence: bright nuclei on a dark background, ready for Drua Segment...
//
// In Fiji:   open a colour image, then run this macro (Plugins > Macros > Run...). The stain opens
//            in a window of its own, and once more as a further channel of the image.
// Headless:  .venv/bin/drua macro macros/virtual_stain.ijm "/data/image.tif|/data/results"
//            The argument is the image and the folder for the results, with a | between them.
//            The folder gets image-stained.tif, image-appended.tif and image-run.json (what was
//            done).
//
// A virtual stain is a prediction. It shows where the model expects the stain, so use it to find and
// count things, and do not measure its intensities. The log says if the image is not of the kind that
// the model was made for.

folder = "";
if (getArgument() != "") {
    parts = split(getArgument(), "|");
    if (parts.length != 2)
        exit("The argument must be: input image|output folder");
    open(parts[0]);
    folder = parts[1];
}

run("Drua Virtual Stain...", "model=stain-nuclei-histology output=[stained,appended] save=[" + folder + "]");

// To count the nuclei, segment the stain: remove the two slashes. The card of the stain
// (models/stain-nuclei-histology/README.md) says why with these settings.
// run("Drua Segment...", "model=nuclei-fluorescence scale=0.7 smoothing=2");

// The stain is now the active image. Its info (Image > Show Info...) says how it was made.
print("stained on " + getInfo("device") + " in " + getInfo("seconds") + " s");
