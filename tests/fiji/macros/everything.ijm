// Segments the image of the argument "image|folder|options" and saves what ImageJ then holds:
// the active image, with its overlay, and the table.
parts = split(getArgument(), "|");
open(parts[0]);
options = "model=nuclei-fluorescence output=[labels,rois,table] save=[" + parts[1] + "]";
if (parts.length > 2) options = options + " " + parts[2];
run("Drua Segment...", options);
print("active: " + getTitle());
print("rois: " + Overlay.size);
saveAs("Tiff", parts[1] + "/active.tif");
Table.save(parts[1] + "/table-of-imagej.csv");
print("finished");
