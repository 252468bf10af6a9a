// Denoise
//
// Removes noise from a fluorescence image, in every channel, slice and frame.
//
// In Fiji:   open an image, then run this macro (Plugins > Macros > Run...). The denoised image
//            opens in a window of its own, with the display range and the colours of the input. A
//            second window shows the difference, input minus result: it should look like noise. If
//            you can see your cells in it, signal was removed, too.
// Headless:  .venv/bin/drua macro macros/denoise.ijm "/data/image.tif|/data/results"
//            The argument is the image and the folder for the results, with a | between them.
//            The folder gets image-denoised.tif, image-difference.tif, image-report.png (a picture
//            of what was removed) and image-run.json (what was done).
//
// The result has 32 bits, because a denoised value lies between the grey levels of the input. Add
// type=input to get the type of the input: rounded, and limited to its range. For one channel add
// channel=2 (or its name), for one slice planes=current. Trained your own model with Drua Train
// Denoiser...? Write its id after model=.

folder = "";
if (getArgument() != "") {
    parts = split(getArgument(), "|");
    if (parts.length != 2)
        exit("The argument must be: input image|output folder");
    open(parts[0]);
    folder = parts[1];
}

run("Drua Denoise...", "model=denoise-fluorescence output=[denoised,difference,report] save=[" + folder + "]");

// The denoised image is now the active image. Its info (Image > Show Info...) says how it was made.
print("denoised on " + getInfo("device") + " in " + getInfo("seconds") + " s");
