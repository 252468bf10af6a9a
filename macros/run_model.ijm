// Run a model
//
// Runs any installed model on an image and shows what its network gives: one image of 32 bits for
// each output, for example a denoised image, or the probability of each pixel to be a nucleus.
//
// In Fiji:   open an image, then run this macro (Plugins > Macros > Run...). Draw a selection first
//            if only a part of the image matters.
// Headless:  .venv/bin/drua macro macros/run_model.ijm "/data/image.tif|/data/results|nuclei-fluorescence"
//            The argument is the image, the folder for the results, and the id of a model (see
//            Drua Models..., or: drua models list), with a | between them. The folder gets
//            image-OUTPUT.tif for each output and image-run.json (what was done).
//
// The model says which channels it takes, and in which order. Say which ones of your image they are,
// by number or by name: add channel=2, or channel=[DAPI,GFP], to the options below. If a model takes
// further images, open them, too, and add input_NAME=[title] for each; NAME is on the model's card.

folder = "";
model = "nuclei-fluorescence";
if (getArgument() != "") {
    parts = split(getArgument(), "|");
    if (parts.length != 3)
        exit("The argument must be: input image|output folder|model");
    open(parts[0]);
    folder = parts[1];
    model = parts[2];
}

run("Drua Run Model...", "model=[" + model + "] save=[" + folder + "]");

// The first output is now the active image; its info (Image > Show Info...) says how it was made.
getDimensions(width, height, channels, slices, frames);
getStatistics(area, mean, min, max);
print(getTitle() + ": " + channels + " channel(s), mean " + mean + ", on " + getInfo("device"));
